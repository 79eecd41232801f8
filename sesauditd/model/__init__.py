"""What feedback means and what follows from it: pure values and functions, no input or output."""
