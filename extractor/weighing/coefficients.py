"""Written by `python -m benchmarks.calibration fit`, from 4605 fields. Not to be edited."""

# For each kind of field, the logistic regression's weight of each sign.
WEIGHTS: dict[str, dict[str, float]] = {
    "choice": {"bias": 5.9136, "least": 0.307},
    "date": {"bias": -0.8712, "errors": 0.0, "least": 0.5772, "legible": 0.6882},
    "email": {"bias": -6.5674, "errors": 0.0, "least": 0.6192, "legible": 1.4472},
    "phone": {"bias": 4.9486, "errors": 0.1485, "least": 0.0887, "legible": 0.176},
    "prose": {"bias": -7.0669, "errors": 0.3117, "least": 0.4855, "legible": 1.59},
    "seal": {"bias": 6.5661, "least": 0.4899},
    "signature": {"bias": 1.498, "least": 1.1746},
    "text": {"bias": -1.2288, "confirmed": 0.8807, "errors": 0.721, "least": 1.1996, "legible": 0.1889},
}
# (share of silent errors, least probability of what is accepted), by share.
THRESHOLDS: list[tuple[float, float]] = [
    (0.0001, 0.99974),
    (0.0002, 0.99957),
    (0.0005, 0.99735),
    (0.001, 0.98412),
    (0.002, 0.95394),
    (0.005, 0.81891),
    (0.01, 0.60261),
    (0.02, 0.50916),
    (0.05, 0.16917),
]
