# The server without its embedded PostgreSQL's data: give it a database by DATABASE_URL or DB_*.

FROM python:3.13-bookworm AS build
WORKDIR /srv/fieldgraph
COPY . .
RUN make install

# The same Python at the same path, so that the virtual environment works as it is.
FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin fieldgraph \
    && install -d -o fieldgraph -g fieldgraph -m 0700 /app/uploads
COPY --from=build /srv/fieldgraph /srv/fieldgraph
WORKDIR /srv/fieldgraph
ENV PATH=/srv/fieldgraph/.venv/bin:$PATH \
    ENVIRONMENT=production \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    UPLOAD_DIR=/app/uploads
USER fieldgraph
VOLUME /app/uploads
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/readyz', timeout=4)"]
CMD ["fieldgraph", "serve"]
