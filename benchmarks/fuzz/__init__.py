"""Files that came about by chance from honest ones, read as the product reads: `make fuzz MINUTES=10`."""
