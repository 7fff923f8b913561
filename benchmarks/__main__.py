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
        print(f"  {speed.name:12} {speed.rate:8.2f} pages/s   {ratio}   start {speed.start:5.1f} s")
    print(
        f"the service with {service_listing.SUBMISSIONS:,} submissions on SQLite: time of a request over HTTP"
    )
    for one in service_listing.run():
        print(f"  {one}")


if __name__ == "__main__":
    main()
