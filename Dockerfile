# The image of the server and of the migrations, without development dependencies and without the
# embedded PostgreSQL.
FROM node:20-slim AS build
WORKDIR /app
COPY . .
# `npm ci` generates Prisma Client from the schema and prisma.config.ts, and builds the dashboard.
RUN npm ci && npm run build && npm prune --omit=dev --omit=optional --ignore-scripts

FROM node:20-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=build --chown=root:root /app/package.json /app/prisma.config.ts ./
COPY --from=build --chown=root:root /app/node_modules ./node_modules
COPY --from=build --chown=root:root /app/prisma ./prisma
# prisma.config.ts imports from src.
COPY --from=build --chown=root:root /app/src ./src
COPY --from=build --chown=root:root /app/dist ./dist
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
