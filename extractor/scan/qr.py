"""Reads our own code on a page: which form the page belongs to, and which copy of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.identity import Identity


def read_identity(colour: NDArray[np.uint8]) -> Identity | None:
    """The identity in the page's QR code, None where there is none of ours. `colour` is RGB, turned in any
    way."""
    import zxingcpp

    # The stubs ask for the plural type, the library takes either.
    formats: Any = zxingcpp.BarcodeFormat.QRCode
    for found in zxingcpp.read_barcodes(colour, formats=formats):
        known = Identity.from_qr(found.text)
        if known:
            return known[0]
    return None
