"""The study's figures. They draw what the analyses hold and compute nothing but labels."""
