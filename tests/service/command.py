"""`sealform`, but with a reader that takes orders: `python -m tests.service.command extract ...`."""

import functools
import sys

import service.reading
from service.batch import read_all
from service.cli import main
from tests.service.readers import obey_or_read

if __name__ == "__main__":
    service.reading.read_all = functools.partial(read_all, read=obey_or_read)  # type: ignore[assignment]
    main(sys.argv[1:])
