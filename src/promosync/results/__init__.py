"""The orders, discounts and revenue of coupons, codes and batches, added up from paid orders."""
