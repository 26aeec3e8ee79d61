"""Where runs are made and kept: processes, clusters, the store, devices; knows experiments by their protocol."""
