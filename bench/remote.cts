import { fork } from 'node:child_process';

/** The functions that a remote module offers, by name. */
type Calls = object;

type Method<C, K extends keyof C> = C[K] extends (...request: infer Request) => infer Reply
	? (...request: Request) => Promise<Awaited<Reply>>
	: never;

/** A module that runs in a process of its own. */
export interface Remote<C extends Calls> {
	readonly pid: number;
	call<K extends keyof C & string>(
		kind: K,
		...request: Parameters<Method<C, K>>
	): ReturnType<Method<C, K>>;
	close(): Promise<void>;
}

interface Message {
	id: number;
	kind: string;
	request: unknown[];
}

interface Reply {
	id: number;
	reply?: unknown;
	error?: string;
}

/**
 * Starts a module in a process of its own, so that its time and memory can be measured separately.
 *
 * @param module path of a module that calls `answerCalls`
 * @param env added to the environment
 */
export async function startRemote<C extends Calls>(
	module: string,
	env: Record<string, string> = {},
): Promise<Remote<C>> {
	const child = fork(module, {
		execArgv: ['--require', 'tsx/cjs'],
		env: { ...process.env, ...env },
		serialization: 'advanced',
	});
	const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
	const pending = new Map<number, (reply: Reply) => void>();
	let calls = 0;
	void ended.then(() => {
		for (const [id, settle] of pending) settle({ id, error: `${module} has ended` });
	});
	await new Promise<void>((resolve, reject) => {
		child.once('message', () => resolve());
		void ended.then(() => reject(new Error(`${module} did not start`)));
	});
	child.on('message', (reply: Reply) => {
		pending.get(reply.id)?.(reply);
		pending.delete(reply.id);
	});
	const call = async (kind: string, ...request: unknown[]): Promise<unknown> =>
		await new Promise((resolve, reject) => {
			const id = ++calls;
			pending.set(id, ({ reply, error }) =>
				error === undefined ? resolve(reply) : reject(new Error(error)),
			);
			child.send({ id, kind, request } satisfies Message);
		});
	return {
		pid: child.pid!,
		call: call as never,
		close: async () => {
			if (child.connected) child.disconnect();
			await ended;
		},
	};
}

/**
 * The other end of `startRemote`: answers calls until the parent disconnects.
 *
 * @param calls may be async
 * @param close called before the process exits
 */
export function answerCalls<C extends Calls>(calls: C, close: () => Promise<void>): void {
	process.on('message', ({ id, kind, request }: Message) => {
		const call = calls[kind as keyof C] as (...request: unknown[]) => unknown;
		Promise.resolve()
			.then(() => call(...request))
			.then(
				(reply) => process.send?.({ id, reply } satisfies Reply),
				(error: Error) => process.send?.({ id, error: error.message } satisfies Reply),
			);
	});
	process.on('disconnect', () => void close().finally(() => process.exit(0)));
	process.send?.({ ready: true });
}
