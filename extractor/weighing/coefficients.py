"""Written by `python -m benchmarks.calibration fit`, from 4612 fields. Not to be edited."""

# For each kind of field, the logistic regression's weight of each sign.
WEIGHTS: dict[str, dict[str, float]] = {
    "choice": {"bias": 5.9143, "least": 0.305},
    "date": {"bias": -1.0181, "errors": 0.0, "least": 0.578, "legible": 0.7136},
    "email": {"bias": -5.8124, "errors": 0.0, "least": 0.5946, "legible": 1.3186},
    "phone": {"bias": 4.8111, "errors": 0.1627, "least": 0.0962, "legible": 0.17},
    "prose": {"bias": -0.4417, "errors": 1.0783, "least": 0.385, "legible": 0.3603},
    "seal": {"bias": 6.5719, "least": 0.4898},
    "signature": {"bias": 2.1067, "least": 1.0242},
    "text": {"bias": 1.7433, "confirmed": 0.9459, "errors": 0.4666, "least": 0.7571, "legible": 0.1969},
}
# (share of silent errors, least probability of what is accepted), by share.
THRESHOLDS: list[tuple[float, float]] = [
    (0.0001, 0.9998),
    (0.0002, 0.9996),
    (0.0005, 0.99772),
    (0.001, 0.98421),
    (0.002, 0.94653),
    (0.005, 0.60319),
    (0.01, 0.60261),
    (0.02, 0.5135),
    (0.05, 0.23156),
]
