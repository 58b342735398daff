import type { IDataObject, IHttpRequestOptions } from 'n8n-workflow';

import { doNotFake } from '../clock.cts';
import { reply } from '../connection.cts';

// A request's deadline timer outlives its test.
beforeEach(() => jest.useFakeTimers({ doNotFake }));

/** What n8n gives a method that loads options, with a Cliniko that answers like this. */
export function loadOptions(answer: (url: URL) => IDataObject) {
	const sent: URL[] = [];
	const context = {
		getCredentials: async () =>
			await Promise.resolve({
				apiKey: 'MS0xLTE2OTk-uk2',
				shard: '',
				contactEmail: 'a@b.example',
			}),
		helpers: {
			httpRequestWithAuthentication: async (credential: string, { url }: IHttpRequestOptions) => {
				expect(credential).toBe('clinikoApi');
				sent.push(new URL(url));
				const given = answer(new URL(url));
				return await Promise.resolve('statusCode' in given ? given : reply(200, given));
			},
		},
	};
	return { context, sent };
}
