# syntax=docker/dockerfile:1
# The image holds the package that `npm pack` makes, with what the lock file names for it, and nothing else. The base is told by its digest
# (an index of all platforms), as docker-library/repo-info records it; the tag is for people to read.

FROM node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS package
WORKDIR /build
# What `npm ci` needs, `prepare` included, so that this layer survives changes of the sources.
COPY package.json package-lock.json .npmrc prisma.config.ts ./
COPY prisma prisma
COPY scripts scripts
RUN npm ci
COPY . .
RUN npm pack && mkdir /app && tar -xzf casebridge-*.tgz --strip-components=1 -C /app && cp package-lock.json .npmrc /app
WORKDIR /app
# The image has its own Node.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node-linux-* && npm cache clean --force

FROM node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
ENV NODE_ENV=production DATA_DIR=/data
WORKDIR /app
COPY --from=package /app .
# Attachments on their way lie here; a volume that is mounted empty takes over this owner.
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HTTP_PORT || 8080}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/src/bin/casebridge.mjs"]
CMD ["worker"]
