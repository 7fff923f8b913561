"""What leaves: the 汇总表, records as files, and all of one submission."""
