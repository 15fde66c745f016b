/** What can be done with the endpoint now. The rule which command makes sense is the api's own. */
import { Button, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconMoon, IconPlayerPause, IconPlayerPlay, IconRefresh, IconSunrise } from '@tabler/icons-react';
import { type CommandEffect, type EndpointCommand, commandEffect } from '../../domain/lifecycle.ts';
import { type ApiError, asApiError } from '../client/api-error.ts';
import { refreshEndpoint } from '../client/queries.ts';
import { request } from '../client/request.ts';
import type { EndpointDocument } from '../client/types.ts';

type Command = Exclude<EndpointCommand, 'delete'>;

const COMMANDS = {
  wake: { label: 'Wake', icon: IconSunrise, title: 'Bring it up now, before a request comes' },
  hibernate: { label: 'Sleep', icon: IconMoon, title: 'Stop its nodes now; the next request wakes it' },
  pause: { label: 'Pause', icon: IconPlayerPause, title: 'Stop its nodes until you resume it; requests are refused' },
  resume: { label: 'Resume', icon: IconPlayerPlay, title: 'Let it run again' },
  retry: { label: 'Retry', icon: IconRefresh, title: 'Build it again, with the same id and URL' },
} as const satisfies Record<Command, unknown>;

/** What a command would do now, as far as can be seen from outside. */
export function effectOf(command: EndpointCommand, endpoint: EndpointDocument): CommandEffect['kind'] {
  const { status, spec } = endpoint;
  const power = status === 'paused' ? 'paused' : status === 'deleting' || status === 'deleted' ? 'deleted' : 'on';
  // Which sleep or failure a wish names does not change whether it makes sense.
  return commandEffect(command, { status, power, minNodes: spec.minNodes, sleepGeneration: 1, failureGeneration: 1 })
    .kind;
}

export function Commands({ endpoint }: { endpoint: EndpointDocument }) {
  const client = useQueryClient();
  const run = useMutation<unknown, ApiError, Command>({
    mutationFn: (command) => request(`/api/endpoints/${endpoint.id}/${command}`, { method: 'POST' }),
    onError: (error) => notifications.show({ color: 'red', title: 'Not done', message: asApiError(error).message }),
    onSettled: () => refreshEndpoint(client, endpoint.id),
  });
  const offered = (Object.keys(COMMANDS) as Command[]).filter((command) => isOffered(command, endpoint));
  return (
    <>
      {offered.map((command) => {
        const { label, icon: Icon, title } = COMMANDS[command];
        return (
          <Tooltip key={command} label={title}>
            <Button
              variant={command === 'wake' || command === 'resume' || command === 'retry' ? 'filled' : 'default'}
              size="sm"
              leftSection={<Icon size={16} />}
              loading={run.isPending && run.variables === command}
              onClick={() => run.mutate(command)}
            >
              {label}
            </Button>
          </Tooltip>
        );
      })}
    </>
  );
}

function isOffered(command: Command, endpoint: EndpointDocument): boolean {
  const kind = effectOf(command, endpoint);
  return kind !== 'noop' && kind !== 'refused';
}
