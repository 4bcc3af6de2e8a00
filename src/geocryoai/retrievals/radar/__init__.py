"""Products from radar: vertical displacement, active-layer thickness, polarimetry, frozen or thawed ground."""
