# Two images: the daemon (the default), and with `--target sandbox` the demo and the local AWS.
# Locked libraries, no compiler, a user without rights.
FROM python:3.13-slim AS build
WORKDIR /source
COPY requirements.txt requirements-build.txt ./
# No pip goes into what is run: that of the build installs there.
RUN python -m venv --without-pip /opt/sesauditd \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements-build.txt \
 && /opt/build/bin/pip --python /opt/sesauditd/bin/python install --no-cache-dir --no-deps \
    --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY sesauditd sesauditd
COPY migrations migrations
COPY config config
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/build/bin/pip --python /opt/sesauditd/bin/python install --no-cache-dir --no-deps \
    --no-index /wheels/*.whl

FROM build AS build-sandbox
COPY requirements-demo.txt ./
RUN /opt/build/bin/pip --python /opt/sesauditd/bin/python install --no-cache-dir --no-deps \
    --require-hashes -r requirements-demo.txt

FROM python:3.13-slim AS bare
RUN useradd --system --no-log-init --uid 10001 --home-dir /var/lib/sesauditd --create-home \
    sesauditd \
 && install -d -o sesauditd /etc/sesauditd
LABEL org.opencontainers.image.title="sesauditd" \
      org.opencontainers.image.description="Watches the mail feedback of one Amazon SES account" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/opt/sesauditd/bin:$PATH \
    PYTHONUNBUFFERED=1
USER 10001
WORKDIR /var/lib/sesauditd
ENTRYPOINT ["sesauditd"]

FROM bare AS sandbox
COPY --from=build-sandbox /opt/sesauditd /opt/sesauditd
EXPOSE 4570 2587
CMD ["sandbox", "--bind", "0.0.0.0", "--furnish", "shop.example"]

FROM bare AS daemon
COPY --from=build /opt/sesauditd /opt/sesauditd
VOLUME ["/var/lib/sesauditd"]
EXPOSE 8080
# Healthy means that every loop of the daemon turns over. The variable says where it listens if that is not
# the default; 0.0.0.0 can be asked, too.
HEALTHCHECK --interval=30s --timeout=15s --start-period=120s \
  CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://' + os.environ.get('SESAUDITD_WEB__BIND', '127.0.0.1:8080') + '/healthz', timeout=10)"]
CMD ["run"]
