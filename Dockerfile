# The image: one static program and nothing around it.
#
#   docker build -t alfresco-downloads-mock .
#   docker build --build-arg RUNTIME_IMAGE=debian:bookworm-slim -t alfresco-downloads-mock:shell .   # with a shell
#
# It builds for the architecture of the Rust image: natively or, with `--platform`, emulated; or for CARGO_BUILD_TARGET,
# if the Rust image has that variable and a linker for it.
# There is no "syntax" line: it would make the build fetch a frontend image first.
ARG RUST_IMAGE=rust:1.95-slim-bookworm
ARG RUNTIME_IMAGE=scratch

FROM ${RUST_IMAGE} AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock LICENSE ./
COPY packaging/notices packaging/static ./packaging/
COPY fixtures ./fixtures
COPY src ./src
RUN --mount=type=cache,id=alfresco-downloads-mock-registry,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,id=alfresco-downloads-mock-target,target=/src/target,sharing=locked \
    set -eux; \
    target="${CARGO_BUILD_TARGET:-$(rustc -vV | sed -n 's/^host: //p')}"; \
    packaging/static cargo build --release --locked; \
    install -D -m 0755 "target/$target/release/alfresco-downloads-mock" /out/usr/local/bin/alfresco-downloads-mock; \
    install -D -m 0644 LICENSE /out/licenses/LICENSE; \
    packaging/notices > /out/licenses/THIRD-PARTY; \
    install -d -m 1777 /out/tmp

FROM ${RUNTIME_IMAGE}
COPY --from=build /out/ /
# What never changes between releases; version and revision are added by the release.
LABEL org.opencontainers.image.title="alfresco-downloads-mock" \
      org.opencontainers.image.description="A stand-in for the Downloads API of Alfresco Content Services" \
      org.opencontainers.image.licenses="MIT"
ENV ALFRESCO_MOCK_BIND=0.0.0.0 \
    ALFRESCO_MOCK_PORT=8080 \
    ALFRESCO_MOCK_DEFAULT_FIXTURES=/fixtures
EXPOSE 8080
USER 65532:65532
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=2s --timeout=2s --start-period=2s --retries=5 \
    CMD ["/usr/local/bin/alfresco-downloads-mock", "health"]
ENTRYPOINT ["/usr/local/bin/alfresco-downloads-mock"]
