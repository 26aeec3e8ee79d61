"""What can be said of fine-tuning before it is run: predictors of single facts."""
