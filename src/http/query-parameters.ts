/* The parameters of a URL, as routes are given them. They are read before anybody is known, and held for as long as a request waits. */
import { parse, type ParsedUrlQuery } from 'node:querystring';

/**
 * Several times as many as any route has. What is more is left out, as names are that a route does not know: each name that no other
 * request has would take a hundred times its bytes. Who takes lists of any length reads the URL.
 */
export const PARAMETERS_MAX = 32;

export const readParameters = (query: string): ParsedUrlQuery => parse(query, '&', '=', { maxKeys: PARAMETERS_MAX });
