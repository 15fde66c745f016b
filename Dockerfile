# One image for api and worker; docker-compose.yml says which of them a container runs.
FROM node:24-bookworm-slim AS dashboard
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# With the optional packages, because the builder's own compiled parts are among them.
RUN npm ci --ignore-scripts
COPY . .
RUN node supervisor/build-dashboard.ts

FROM node:24-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends python3 python3-pip tini \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The Node of the image is right already, so the packages that bring one are left out.
RUN npm ci --omit=dev --omit=optional
COPY . .
COPY --from=dashboard /app/web/dist web/dist
RUN mkdir /data && chown node:node /data
USER node
ENV NODE_ENV=production HYPERVIZE_HOME=/data HOST=0.0.0.0
ENTRYPOINT ["tini", "--"]
CMD ["node", "api/server.ts"]
