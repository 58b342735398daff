import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import type { IDataObject } from 'n8n-workflow';

/** What the model does next: it calls a tool, or it answers. */
export type Step = { tool: string; arguments: IDataObject } | string;

/** A tool as n8n offers it to a model. */
export interface OfferedTool {
	name: string;
	description: string;
	parameters: { properties: Record<string, { type: string; description?: string }> };
}

/** A language model that follows a script, behind OpenAI's chat completions. */
export interface ScriptedModel {
	/** For n8n's credential of type `openAiApi`. */
	credential: { apiKey: string; url: string };
	/**
	 * What it does from now on.
	 *
	 * @param script chooses the next step by the replies of the tools so far, in their order
	 */
	follow: (script: (replies: string[]) => Step) => void;
	/** The bodies of all requests, as text. */
	requests: string[];
	/** The tools in the last request, by name. */
	tools: () => OfferedTool[];
	close: () => Promise<void>;
}

interface Completion {
	messages: Array<{ role: string; content: string | null }>;
	tools?: Array<{ function: OfferedTool }>;
}

export async function startModel(): Promise<ScriptedModel> {
	let next: (replies: string[]) => Step = () => 'There is no script.';
	const requests: string[] = [];
	const server = createServer((request, response) => {
		void textOf(request).then((body) => {
			requests.push(body);
			const { messages } = JSON.parse(body) as Completion;
			const replies = messages.filter(({ role }) => role === 'tool');
			let step: Step;
			try {
				step = next(replies.map(({ content }) => content ?? ''));
			} catch (error) {
				step = `The script failed: ${String(error)}`;
			}
			response.setHeader('content-type', 'application/json');
			response.end(JSON.stringify(completion(step, requests.length)));
		});
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	return {
		credential: { apiKey: 'unused', url: `http://127.0.0.1:${port}/v1` },
		follow: (script) => {
			next = script;
			requests.length = 0;
		},
		requests,
		tools: () => {
			const { tools = [] } = JSON.parse(requests.at(-1) ?? '{}') as Completion;
			return tools.map((tool) => tool.function).sort((a, b) => (a.name < b.name ? -1 : 1));
		},
		close: async () => {
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
		},
	};
}

function completion(step: Step, number: number): object {
	const message =
		typeof step === 'string'
			? { content: step }
			: {
					content: null,
					tool_calls: [
						{
							id: `call-${number}`,
							type: 'function',
							function: { name: step.tool, arguments: JSON.stringify(step.arguments) },
						},
					],
				};
	return {
		id: `completion-${number}`,
		object: 'chat.completion',
		created: 0,
		model: 'scripted',
		choices: [
			{
				index: 0,
				message: { role: 'assistant', ...message },
				finish_reason: typeof step === 'string' ? 'stop' : 'tool_calls',
			},
		],
		usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
	};
}
