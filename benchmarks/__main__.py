"""Prints every benchmark's table."""

from benchmarks import word_reading


def main() -> None:
    """Run all benchmarks, one after the other."""
    print("reading a returned Word form, median of CPU time")
    for name, milliseconds, ratio in word_reading.run():
        print(f"  {name:24} {milliseconds:8.1f} ms   {ratio:5.2f} x python-docx")


if __name__ == "__main__":
    main()
