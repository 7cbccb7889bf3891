"""The words everybody uses: coupon, promotion code, ownership, configuration, problems."""
