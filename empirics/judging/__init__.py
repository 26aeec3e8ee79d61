"""A claim, a measurement, the verdict. Knows no experiment: claims and observables meet by name."""
