"""The weekly judgement, and what is asked of AWS."""
