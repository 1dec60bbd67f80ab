// The scalars of the API.
import { GraphQLJSON, GraphQLJSONObject, GraphQLUUID } from 'graphql-scalars'
import { builder } from '../builder.ts'
import { DateTime } from './dateTime.ts'

builder.addScalarType('DateTime', DateTime, {
  description: 'An instant (RFC 3339), in UTC with milliseconds. Input requires an offset, such as `Z` or `+01:00`.',
})
builder.addScalarType('JSON', GraphQLJSON, {
  description: 'Any JSON value. Integers beyond ±9007199254740991 cannot be stored: send them as strings.',
})
builder.addScalarType('JSONObject', GraphQLJSONObject, {
  description: 'A JSON object. Arrays, scalars and null are refused.',
})
builder.addScalarType('UUID', GraphQLUUID, { description: 'A UUID in lower case.' })
