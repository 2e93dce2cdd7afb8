"""What a result is: labelled data, estimates, claims, files, errors."""
