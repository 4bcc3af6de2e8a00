"""The simulated Alaska: landscape, weather, truth, campaigns and sensors, written in real file formats."""
