"""Where runs are made and kept: processes, clusters, the durable store, devices; knows experiments by their protocol only."""
