"""Prints the table of every benchmark."""

from benchmarks import pdf_reading, scan_reading, service_listing, word_reading


def main() -> None:
    """Runs all benchmarks, one after the other."""
    print("reading a returned Word form: median CPU time, and ticks read right")
    ours, *peers = word_reading.run()
    for one in (ours, *peers):
        ratio = f"{one.milliseconds / ours.milliseconds:5.2f} x sealform"
        print(f"  {one.name:12} {one.milliseconds:8.1f} ms   {ratio}   {one.right} of {one.files} right")
    print("reading a page of a digital PDF: median CPU time")
    (_, ours_page), *others = pdf_reading.run()
    for name, milliseconds in (("sealform", ours_page), *others):
        print(f"  {name:12} {milliseconds:8.1f} ms   {milliseconds / ours_page:5.2f} x sealform")
    print("reading scanned pages: pages a second of the whole machine, and seconds until the first page")
    for speed in (scans := scan_reading.run()):
        ratio = f"sealform {scans[0].rate / speed.rate:5.2f} x as fast"
        core = f"{speed.core:5.2f} s of a core, {speed.core / scans[0].core:5.2f} x ours"
        read = f"{speed.right} of {speed.asked} short answers right"
        silent = "" if speed.silent is None else f", {speed.silent} accepted and wrong"
        pace = f"{speed.name:12} {speed.rate:8.2f} pages/s"
        print(f"  {pace}   {ratio}   {core}   start {speed.start:5.1f} s   {read}{silent}")
    print(
        f"the service with {service_listing.SUBMISSIONS:,} submissions on SQLite: time of a request over HTTP"
    )
    for one in service_listing.run():
        print(f"  {one}")


if __name__ == "__main__":
    main()
