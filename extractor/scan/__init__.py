"""A picture of a page to a page: laid flat, taken apart, read and put together again."""
