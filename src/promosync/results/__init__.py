"""What coupons, codes and batches brought and cost, summed from orders that were paid."""
