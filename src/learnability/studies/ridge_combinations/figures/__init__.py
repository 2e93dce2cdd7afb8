"""The figures of the study, one module each. They draw analyses and compute nothing but the numbers in their titles."""
