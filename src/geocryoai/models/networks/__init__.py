"""ConvLSTM networks: architecture, inputs, loss, fitting. PyTorch is imported here and nowhere else in `models`."""
