"""The state of every coupon, code and batch, counted and compared with the file and a snapshot."""
