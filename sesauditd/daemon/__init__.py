"""What any daemon needs around its work: life and death, waiting, signs of life."""
