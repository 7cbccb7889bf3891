# promosync as a container: its packages by version and hash; it starts without a shell and not as root.
#   docker build --build-arg REVISION="$(git rev-parse HEAD)" --tag promosync .
#   docker run --rm --volume "$PWD:/shop" --env STRIPE_API_KEY promosync plan
FROM python:3.13.14-slim-trixie@sha256:6771159cd4fa5d9bba1258caf0b82e6b73458c694d178ad97c5e925c2d0e1a91 AS build

COPY action /opt/promosync/action
RUN python3 -I /opt/promosync/action/install.py /opt/installed \
    && /opt/installed/bin/python -I -m pip uninstall --quiet --yes pip

COPY schema /opt/promosync/schema
COPY docs/rules /opt/promosync/docs/rules
COPY examples /opt/promosync/examples
COPY src /opt/promosync/src
RUN /opt/installed/bin/python -I -m compileall -q /opt/promosync/src

FROM python:3.13.14-slim-trixie@sha256:6771159cd4fa5d9bba1258caf0b82e6b73458c694d178ad97c5e925c2d0e1a91

ARG REVISION=""
LABEL org.opencontainers.image.title="promosync" \
      org.opencontainers.image.description="Stripe coupons and promotion codes as code" \
      org.opencontainers.image.source="https://github.com/OWNER/promosync" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}"

COPY --from=build /opt /opt
USER 65532:65532
WORKDIR /shop
ENTRYPOINT ["/opt/installed/bin/promosync"]
CMD ["--help"]
