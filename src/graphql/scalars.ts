// The scalars of the API.
import { GraphQLDateTimeISO, GraphQLJSON, GraphQLJSONObject, GraphQLUUID } from 'graphql-scalars'
import { builder } from './builder.ts'

builder.addScalarType('DateTime', GraphQLDateTimeISO, {
  description: 'An instant: RFC 3339 in UTC with milliseconds; on input with any offset.',
})
builder.addScalarType('JSON', GraphQLJSON, {
  description:
    'Any JSON value. Integers beyond ±9007199254740991 are refused where they would be stored: send them as strings.',
})
builder.addScalarType('JSONObject', GraphQLJSONObject, {
  description: 'A JSON object; arrays, scalars and null are refused.',
})
builder.addScalarType('UUID', GraphQLUUID, { description: 'A UUID, in lower case.' })
