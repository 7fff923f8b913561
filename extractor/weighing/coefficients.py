"""Written by `python -m benchmarks.calibration fit`, from 4026 fields. Not to be edited."""

# For each kind of field, the logistic regression's weight of each sign.
WEIGHTS: dict[str, dict[str, float]] = {
    "choice": {"bias": 5.3342, "least": 0.4219},
    "date": {"bias": 1.0196, "errors": 0.2613, "least": 0.8101, "legible": 0.0},
    "email": {"bias": -10.2921, "errors": 0.1275, "least": 0.0302, "legible": 2.4176},
    "phone": {"bias": 5.469, "errors": 0.1278, "least": 0.0758, "legible": 0.1486},
    "prose": {"bias": -3.9602, "errors": 0.2873, "least": 0.5297, "legible": 0.7627},
    "seal": {"bias": 6.4159, "least": 0.5125},
    "signature": {"bias": 0.3027, "least": 1.3784},
    "text": {"bias": -2.3551, "confirmed": 2.9502, "errors": 0.3587, "least": 0.6496, "legible": 0.491},
}
# (share of silent errors, least probability of what is accepted), by share.
THRESHOLDS: list[tuple[float, float]] = [
    (0.0001, 0.9996),
    (0.0002, 0.99909),
    (0.0005, 0.99164),
    (0.001, 0.9773),
    (0.002, 0.93635),
    (0.005, 0.79824),
    (0.01, 0.57583),
    (0.02, 0.33651),
    (0.05, 0.22392),
]
