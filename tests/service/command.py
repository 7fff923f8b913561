"""`sealform`, but with a reader that takes orders: `python -m tests.service.command extract ...`."""

import functools
import sys

from service.cli import main
from service.runs import extraction
from service.runs.batch import read_all
from tests.service.readers import obey_or_read

if __name__ == "__main__":
    extraction.read_all = functools.partial(read_all, read=obey_or_read)  # type: ignore[assignment]
    main(sys.argv[1:])
