import type {
	IAuthenticate,
	ICredentialDataDecryptedObject,
	ICredentialTestRequest,
	ICredentialType,
	IHttpRequestOptions,
	INodeProperties,
} from 'n8n-workflow';

import { ClinikoError } from '../nodes/Cliniko/errors';
import { contactOf } from '../nodes/Cliniko/transport/cliniko/contact';
import { apiHost, apiKeyOf, shardOf } from '../nodes/Cliniko/transport/cliniko/shard';

/** n8n wants the address of the credential test as an expression; `authenticate` checks its result. */
const API_URL_EXPRESSION =
	"=https://api.{{ ($credentials.shard === 'other' ? $credentials.customShard : $credentials.shard || ($credentials.apiKey.match(/-([a-z]{2}\\d{1,2})\\s*$/i) || ['', 'au1'])[1]).trim().toLowerCase() }}.cliniko.com/v1";

export class ClinikoApi implements ICredentialType {
	name = 'clinikoApi';

	displayName = 'Cliniko API';

	icon = {
		light: 'file:../nodes/Cliniko/cliniko.svg',
		dark: 'file:../nodes/Cliniko/cliniko.dark.svg',
	} as const;

	documentationUrl = 'https://github.com/n8n-nodes-cliniko/n8n-nodes-cliniko#connect-it-to-cliniko';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			description:
				'Made in Cliniko under My Info > Manage API Keys. It can do whatever the Cliniko user it belongs to can do.',
		},
		{
			displayName: 'Shard',
			name: 'shard',
			type: 'options',
			default: '',
			description:
				'The group of servers your Cliniko account is on. The end of the API key names it, so leave this as it is unless Cliniko told you otherwise.',
			options: [
				{ name: 'AU1 (Australia)', value: 'au1' },
				{ name: 'AU2 (Australia)', value: 'au2' },
				{ name: 'AU3 (Australia)', value: 'au3' },
				{ name: 'AU4 (Australia)', value: 'au4' },
				{ name: 'AU5 (Australia)', value: 'au5' },
				{ name: 'CA1 (Canada)', value: 'ca1' },
				{ name: 'Detect From API Key', value: '' },
				{ name: 'EU1 (Europe)', value: 'eu1' },
				{ name: 'Other', value: 'other' },
				{ name: 'UK1 (United Kingdom)', value: 'uk1' },
				{ name: 'UK2 (United Kingdom)', value: 'uk2' },
				{ name: 'UK3 (United Kingdom)', value: 'uk3' },
			],
		},
		{
			displayName: 'Other Shard',
			name: 'customShard',
			type: 'string',
			default: '',
			placeholder: 'e.g. au6',
			description: 'Two letters and one or two digits, as at the end of a newer API key',
			displayOptions: { show: { shard: ['other'] } },
		},
		{
			displayName: 'Contact Email',
			name: 'contactEmail',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. reception@your-clinic.com',
			description:
				'Where Cliniko can reach whoever runs this n8n. Cliniko asks for it on every request and may block requests without it.',
		},
	];

	/**
	 * Adds the key and the headers that Cliniko requires: HTTP Basic with the key as user name and no
	 * password, `User-Agent: NAME (E-MAIL)` and `Accept` (Cliniko's API introduction).
	 *
	 * Refuses requests to any host but the shard's own: the HTTP Request node can use this credential
	 * too, and the key must not reach another host.
	 */
	authenticate: IAuthenticate = async (
		credential: ICredentialDataDecryptedObject,
		request: IHttpRequestOptions,
	): Promise<IHttpRequestOptions> => {
		const username = apiKeyOf(credential);
		const host = apiHost(shardOf(credential));
		const contact = contactOf(credential);
		const target = targetOf(request);
		if (target?.protocol !== 'https:' || target.host !== host) {
			throw new ClinikoError(
				`The Cliniko API credential sends its key to https://${host} only, and this request is for another address.`,
				`Let the URL start with https://${host}/v1/. If its host looks right, check the shard in the credential.`,
			);
		}
		return {
			...request,
			auth: { username, password: '' },
			headers: {
				Accept: 'application/json',
				...request.headers,
				'User-Agent': `n8n-nodes-cliniko (${contact})`,
			},
			// Downloads redirect to S3, which must not receive the key.
			sendCredentialsOnCrossOriginRedirect: false,
		};
	};

	test: ICredentialTestRequest = {
		// A redirect leads away from Cliniko, for example to the sign-in page of a network.
		request: { baseURL: API_URL_EXPRESSION, url: '/user', disableFollowRedirect: true },
		rules: [
			{
				type: 'responseCode',
				properties: {
					value: 401,
					message:
						'Cliniko refused this API key. Make a new one in Cliniko under My Info > Manage API Keys and paste it here whole: Cliniko shows a key only once. A key without an ending such as -au2 may also belong to another shard than the one chosen here.',
				},
			},
			{
				type: 'responseCode',
				properties: {
					value: 403,
					message:
						'Cliniko knows this API key but does not let its user in. Ask the owner of your Cliniko account what that user may do, and check Contact Email.',
				},
			},
		],
	};
}

/**
 * The URL of a request; undefined if it is not valid. The HTTP library treats an address that starts
 * with `//` as absolute, even with a `baseURL`. n8n's HTTP Request node still uses `uri`; if both are
 * given, n8n uses `url`.
 */
function targetOf(request: IHttpRequestOptions & { uri?: unknown }): URL | undefined {
	const { baseURL } = request;
	const url = String(request.url ?? request.uri ?? '');
	const isWhole = /^([a-z][a-z\d+.-]*:)?\/\//i.test(url);
	const address = baseURL && !isWhole ? `${baseURL}/${url}` : url;
	return URL.canParse(address) ? new URL(address) : undefined;
}
