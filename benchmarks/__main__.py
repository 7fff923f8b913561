"""Prints every benchmark's table."""

from benchmarks import word_reading


def main() -> None:
    """Run all benchmarks, one after the other."""
    print("reading a returned Word form: median CPU time, and ticks read right")
    ours, *peers = word_reading.run()
    for one in (ours, *peers):
        ratio = f"{one.milliseconds / ours.milliseconds:5.2f} x sealform"
        print(f"  {one.name:12} {one.milliseconds:8.1f} ms   {ratio}   {one.right} of {one.files} right")


if __name__ == "__main__":
    main()
