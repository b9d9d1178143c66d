# The scheduler as an image of its own: nothing but Node.js, the compiled code and its dependencies, and no root.

FROM node:20-bookworm-slim AS build
WORKDIR /build
# First the dependencies alone: this layer stays until they change.
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist/events dist/events
COPY --from=build /build/dist/machines dist/machines
COPY --from=build /build/dist/projections dist/projections
COPY --from=build /build/dist/src dist/src
COPY --from=build /build/dist/page dist/page
USER node
ENTRYPOINT ["node", "--max-semi-space-size=64", "dist/src/cli/main.js"]
CMD ["up"]
