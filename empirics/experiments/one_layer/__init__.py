"""The experiment on the one-layer transformer: world, model, engine, training, observables."""
