"""Polarimetry on covariance matrices C3, pixel by pixel: indices, H-A-alpha, Freeman-Durden, speckle filters."""
