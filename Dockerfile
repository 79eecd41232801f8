# The program alone: locked libraries, no compiler, a user without rights.
FROM python:3.13-slim AS build
WORKDIR /source
COPY requirements.txt requirements-build.txt ./
RUN python -m venv /opt/sesauditd \
 && /opt/sesauditd/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY sesauditd sesauditd
COPY migrations migrations
COPY config config
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/sesauditd/bin/pip install --no-cache-dir --no-deps --no-index /wheels/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/sesauditd --create-home sesauditd \
 && install -d -o sesauditd /etc/sesauditd
COPY --from=build /opt/sesauditd /opt/sesauditd
ENV PATH=/opt/sesauditd/bin:$PATH \
    PYTHONUNBUFFERED=1
USER 10001
WORKDIR /var/lib/sesauditd
VOLUME ["/var/lib/sesauditd"]
# Healthy means that the database can be read, by the program itself.
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s \
  CMD ["sesauditd", "status", "--json"]
ENTRYPOINT ["sesauditd"]
CMD ["--help"]
