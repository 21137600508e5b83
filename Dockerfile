# syntax=docker/dockerfile:1
# Node runs the TypeScript as it is, so there is no build; the first stage only installs packages and generates the Prisma client. The
# image is told by its digest (an index of all platforms), as docker-library/repo-info records it; the tag is for people to read.

FROM node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS packages
WORKDIR /app
# What `npm ci` needs, `prepare` included, so that this layer survives changes of the sources.
COPY package.json package-lock.json .npmrc prisma.config.ts ./
COPY prisma prisma
COPY scripts scripts
# What generates the client is a development package, and goes again. The image has its own Node.
RUN npm ci && npm prune --omit=dev && rm -rf node_modules/node-linux-* && npm cache clean --force

FROM node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
ENV NODE_ENV=production DATA_DIR=/data NODE_COMPILE_CACHE=/app/compile-cache
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=packages /app/src/store/generated src/store/generated
COPY package.json casebridge.schema.json ./
COPY prisma prisma
COPY jobs jobs
COPY simulators simulators
COPY src src
# Attachments on their way lie here; a volume that is mounted empty takes over this owner.
RUN mkdir /data compile-cache && chown node:node /data compile-cache
USER node
# Compiles the sources once, here, so that no container holds the compiler in memory.
RUN node src/bin/compile.mjs
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HTTP_PORT || 8080}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "src/bin/casebridge.mjs"]
CMD ["worker"]
