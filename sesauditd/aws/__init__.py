"""What AWS is asked for, in the program's own words and errors."""
